// The section in view is marked in the contents; on a narrow page the lists begin closed.
(() => {
  const links = new Map([...document.querySelectorAll(".side nav a")].map(
    link => [link.hash.slice(1), link]));
  if (matchMedia("(max-width: 69.99rem)").matches) {
    document.querySelectorAll(".side details").forEach(list => { list.open = false; });
  }
  const marked = [...document.querySelectorAll(".lead, .rest > section")];
  const mark = () => {
    const above = marked.filter(section => section.getBoundingClientRect().top < innerHeight / 3);
    const current = above.at(-1)?.id || "main";
    for (const [name, link] of links) {
      if (name === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }, { passive: true });
  mark();
  // A link into what is folded opens it; printing opens all.
  const reveal = () => document.getElementById(location.hash.slice(1))?.closest("details")
    ?.setAttribute("open", "");
  addEventListener("hashchange", reveal);
  reveal();
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".rest details:not([open])")];
    opened.forEach(part => { part.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach(part => { part.open = false; }));
})();
