(() => {
  const key = "starting-strength-theme", root = document.documentElement;
  const apply = theme => theme === "auto" ? delete root.dataset.theme : root.dataset.theme = theme;
  let theme = "auto";
  // A page from a file may be refused a memory; it then follows the system.
  try { theme = localStorage.getItem(key) || theme; } catch { /* as above */ }
  if (!["auto", "light", "dark"].includes(theme)) theme = "auto";
  apply(theme);
  document.addEventListener("DOMContentLoaded", () => {
    const box = document.querySelector(".theme");
    box.hidden = false;
    box.querySelector(`[value=${theme}]`).checked = true;
    box.addEventListener("change", event => {
      apply(event.target.value);
      try { localStorage.setItem(key, event.target.value); } catch { /* as above */ }
    });
  });
})();
