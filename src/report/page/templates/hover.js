// What a picture says where the pointer or the arrow keys are.
(() => {
  const told = JSON.parse(document.getElementById("hover").textContent);
  const spoken = document.querySelector(".spoken");
  const make = (kind, parent) => {
    const element = document.createElement("div");
    element.className = kind;
    element.hidden = true;
    parent.append(element);
    return element;
  };
  const tip = make("tip", document.body);
  tip.setAttribute("aria-hidden", "true");
  const ROWS = 10;
  const digits = value => {
    const size = Math.abs(value);
    const text = size && (size < 1e-3 || size >= 1e5) ? value.toExponential(2)
      : String(Number(value.toPrecision(4)));
    return text.replace("-", "−");
  };
  const share = (value, [low, high], log) => log
    ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
    : (value - low) / (high - low);

  // Points in shares of the picture, from its left and its top.
  const points = (panel, number) => panel.series.flatMap((series, line) => {
    const [left, top, right, bottom] = panel.box;
    const [logX, logY] = panel.log || [false, false];
    return series.x.map((x, index) => ({
      panel: number, line, index, x, y: series.y[index], series,
      left: left + (right - left) * share(x, panel.x, logX),
      top: bottom - (bottom - top) * share(series.y[index], panel.y, logY),
    }));
  }).filter(point => point.x !== null && point.y !== null
    && point.left > panel.box[0] - .01 && point.left < panel.box[2] + .01);

  for (const plot of document.querySelectorAll(".plot")) {
    const panels = told[plot.dataset.drawing];
    if (!panels) continue;
    const pane = plot.querySelector(".pane"), sheet = plot.querySelector(".sheet");
    const cross = make("cross", sheet), dot = make("dot", sheet);
    let all = null, at = null;
    const visible = () => {
      all ??= panels.flatMap(points);
      return all.filter(point => !hiddenArms.has(point.series.arm));
    };
    const hide = () => { at = null; cross.hidden = dot.hidden = tip.hidden = true; };
    const value = point => {
      const text = point.series.text;
      const own = Array.isArray(text) ? text[point.index] : text;
      return own ?? digits(point.y);
    };
    const say = (point, aloud) => {
      at = point;
      const size = sheet.getBoundingClientRect(), [, top, , bottom] = panels[point.panel].box;
      Object.assign(cross.style, { left: `${100 * point.left}%`, top: `${100 * top}%`,
        height: `${100 * (bottom - top)}%` });
      Object.assign(dot.style, { left: `${100 * point.left}%`,
        top: `${100 * Math.min(Math.max(point.top, top), bottom)}%` });
      cross.hidden = dot.hidden = tip.hidden = false;
      // Each series once: its point nearest to the line, if that is on it.
      const beside = new Map();
      for (const other of visible()) {
        const far = Math.abs(other.left - point.left) * size.width;
        const known = beside.get(other.series);
        if (other.panel !== point.panel || far > 1.5 || (known && known.far <= far)) continue;
        beside.set(other.series, { ...other, far });
      }
      beside.set(point.series, point);
      const nearest = [...beside.values()]
        .sort((a, b) => Math.abs(a.top - point.top) - Math.abs(b.top - point.top)).slice(0, ROWS)
        .sort((a, b) => a.top - b.top);
      // What all begin with ("epoch 3: ") is said once, above them.
      const begin = nearest.map(other => value(other).match(/^[^:]*: /)?.[0] ?? "");
      const shared = begin.every(text => text === begin[0]) ? begin[0] : "";
      const head = document.createElement("b");
      head.textContent = shared.slice(0, -2);
      head.hidden = !shared;
      const rows = nearest.map(other => {
        const row = document.createElement("div");
        const name = document.createElement("span"), number = document.createElement("span");
        row.className = other.series === point.series ? "near" : "";
        name.textContent = other.series.name;
        number.textContent = value(other).slice(shared.length);
        row.append(name, number);
        return row;
      });
      tip.replaceChildren(head, ...rows);
      const x = size.left + size.width * point.left, y = size.top + size.height * point.top;
      const { width, height } = tip.getBoundingClientRect();
      const right = x + 16 + width < innerWidth - 4;
      tip.style.left = `${Math.max(4, right ? x + 16 : x - 16 - width)}px`;
      tip.style.top = `${Math.min(Math.max(4, y - height / 2), innerHeight - height - 4)}px`;
      if (aloud) spoken.textContent = `${point.series.name}: ${value(point)}`;
    };
    const closest = (candidates, left, top) => {
      const { width, height } = sheet.getBoundingClientRect();
      let best = null, least = Infinity;
      for (const point of candidates) {
        const far = Math.hypot((point.left - left) * width, (point.top - top) * height);
        if (far < least) [best, least] = [point, far];
      }
      return best;
    };
    sheet.addEventListener("pointermove", event => {
      const size = sheet.getBoundingClientRect();
      const left = (event.clientX - size.left) / size.width;
      const top = (event.clientY - size.top) / size.height;
      const panel = panels.findIndex(({ box }) =>
        left >= box[0] && left <= box[2] && top >= box[1] && top <= box[3]);
      const point = closest(visible().filter(item => item.panel === panel), left, top);
      if (point) say(point, false); else hide();
    });
    sheet.addEventListener("pointerleave", hide);
    pane.addEventListener("blur", hide);
    pane.addEventListener("scroll", hide);
    pane.addEventListener("keydown", event => {
      const points = visible();
      if (event.key === "Escape") { hide(); return; }
      const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if (!step[event.key] || !points.length || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const rows = points[0].series.x.length === 1;
      if (!at || !points.includes(at)) { say(rows ? points[0] : closest(points, 0, 0), true); return; }
      const [across, down] = step[event.key];
      // Along a line first; past its end on to what lies beyond; up and down at one place.
      const own = points.find(point => point.series === at.series && point.index === at.index + across);
      const beyond = points.filter(point => across
        ? (point.left - at.left) * across > 1e-6
        : (point.top - at.top) * down > 1e-6 && point.panel === at.panel);
      // Rows of single points are gone through from top to bottom, wherever they stand.
      const near = across ? 1 : rows ? 1e3 : 1e-3;
      const next = (across && own) || beyond.reduce((best, point) => {
        const cost = item => Math.abs(item.left - at.left) / (across ? 1 : near)
          + Math.abs(item.top - at.top) * (across ? 2 : 1);
        return best === null || cost(point) < cost(best) ? point : best;
      }, null);
      if (next) say(next, true);
    });
  }
  document.addEventListener("keydown", event => { if (event.key === "Escape") tip.hidden = true; });
})();
