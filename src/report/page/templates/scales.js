// One scale at a time of a picture that was drawn in two.
for (const box of document.querySelectorAll(".scales")) {
  const plots = box.closest("figure").querySelectorAll(".plot");
  const show = name => plots.forEach(plot => { plot.hidden = plot.dataset.drawing !== name; });
  box.hidden = false;
  show(box.querySelector(":checked").value);
  box.addEventListener("change", event => show(event.target.value));
}
