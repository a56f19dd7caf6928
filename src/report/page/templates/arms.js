// Arms that are hidden in all pictures; hover.js asks for them.
const hiddenArms = new Set();
(() => {
  const boxes = [...document.querySelectorAll("[data-place]")];
  const show = (box, shown) => {
    const place = box.dataset.place;
    box.checked = shown;
    hiddenArms[shown ? "delete" : "add"](Number(place));
    for (const element of document.querySelectorAll(`.sheet [data-arm="${place}"]`)) {
      element.classList.toggle("gone", !shown);
    }
  };
  for (const box of boxes) {
    box.disabled = false;
    box.addEventListener("change", () => show(box, box.checked));
  }
  for (const button of document.querySelectorAll("[data-arms]")) {
    button.parentElement.hidden = false;
    button.addEventListener("click", () => {
      for (const box of boxes) show(box, button.dataset.arms === "all");
    });
  }
})();
