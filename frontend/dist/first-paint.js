// Applies the remembered theme and language before the first paint.
// The keys are those of src/state/preferences.svelte.ts.
try {
  var theme = localStorage.getItem('chipin.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  var language = localStorage.getItem('chipin.language');
  if (language === 'ru' || language === 'en') document.documentElement.lang = language;
} catch {
  // Storage may be forbidden; the system's theme is then right.
}
