// Menus made of <details>: one is open at a time; Escape and a click elsewhere close it.
export function menus() {
  const open = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("toggle", ({ target }) => {
    if (!target.matches?.("details[data-menu]") || !target.open) return;
    for (const other of open()) if (other !== target) other.open = false;
    target.querySelector(".menu-sheet a, .menu-sheet button")?.focus({ preventScroll: true });
  }, true);
  document.addEventListener("click", ({ target }) => {
    for (const menu of open()) if (!menu.contains(target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details[data-menu][open]");
    if (!menu) return;
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll(".menu-sheet a, .menu-sheet button")];
    items.at((items.indexOf(document.activeElement) + step) % items.length)?.focus();
  });
}
