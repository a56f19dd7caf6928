// Headings become buttons; what is missing (–) stays at the end either way.
(() => {
  const number = text => {
    const found = text.replaceAll(",", "").replaceAll("−", "-").replace(/^[<>]\s*/, "");
    if (/^-?∞/.test(found)) return found[0] === "-" ? -Infinity : Infinity;
    const value = parseFloat(found);
    return Number.isNaN(value) ? null : value;
  };
  const sort = (table, column, numeric, descending) => {
    const body = table.tBodies[0], sign = descending ? -1 : 1;
    const keyed = [...body.rows].map(row => {
      const text = row.cells[column].textContent.trim();
      return { row, key: text === "–" || text === "" ? null : numeric ? number(text) : text };
    });
    const compare = new Intl.Collator("en", { numeric: true }).compare;
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return sign * (numeric ? (a.key < b.key ? -1 : a.key > b.key) : compare(a.key, b.key));
    });
    body.append(...keyed.map(item => item.row));
  };
  for (const table of document.querySelectorAll("table")) {
    [...table.querySelectorAll("thead th")].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      const numeric = heading.classList.contains("number");
      button.addEventListener("click", () => {
        const descending = heading.ariaSort === "ascending";
        table.querySelectorAll("th[aria-sort]").forEach(other => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(table, column, numeric, descending);
      });
    });
  }
})();
