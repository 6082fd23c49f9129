/** Opens a `<dialog>` as a modal: the browser traps the focus, handles Esc and restores the focus. */
import type { Attachment } from 'svelte/attachments';

export function modal(onclose: () => void): Attachment<HTMLDialogElement> {
  return (dialog) => {
    // Restored manually, because a dialog that is removed while open would not do it.
    const before = document.activeElement;
    const onPointerDown = (event: PointerEvent) => {
      if (event.target === dialog && isOutside(dialog, event)) dialog.close();
    };
    dialog.addEventListener('close', onclose);
    dialog.addEventListener('pointerdown', onPointerDown);
    dialog.showModal();
    return () => {
      dialog.removeEventListener('close', onclose);
      dialog.removeEventListener('pointerdown', onPointerDown);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  };
}

function isOutside(dialog: HTMLElement, { clientX, clientY }: PointerEvent): boolean {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
