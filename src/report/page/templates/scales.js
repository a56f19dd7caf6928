// One at a time of the drawings that stand together; on paper all.
for (const box of document.querySelectorAll(".scales")) {
  const plots = box.closest("figure").querySelectorAll(".plot");
  const show = name => plots.forEach(plot => { plot.hidden = plot.dataset.drawing !== name; });
  box.hidden = false;
  show(box.querySelector(":checked").value);
  box.addEventListener("change", event => show(event.target.value));
  addEventListener("beforeprint", () => plots.forEach(plot => { plot.hidden = false; }));
  addEventListener("afterprint", () => show(box.querySelector(":checked").value));
}
