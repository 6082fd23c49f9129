/** Single-key shortcuts. All except help name the element to focus. */

export type Shortcut = 'new-order-amount' | 'top-up-amount' | 'orders-filter' | 'help';

// Also by the position of the key (`code`), so that they work with a Russian layout.
const BY_KEY: Record<string, Shortcut> = {
  n: 'new-order-amount',
  KeyN: 'new-order-amount',
  t: 'top-up-amount',
  KeyT: 'top-up-amount',
  '/': 'orders-filter',
  '?': 'help',
};

export function shortcutFor(event: KeyboardEvent): Shortcut | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return null;
  if (isTyping(event.target) || document.querySelector('dialog[open]')) return null;
  if (event.code === 'Slash' && /[.,]/.test(event.key)) {
    return event.shiftKey ? 'help' : 'orders-filter';
  }
  return BY_KEY[event.key] ?? BY_KEY[event.code] ?? null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}
