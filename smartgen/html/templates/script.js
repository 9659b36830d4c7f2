"use strict";
(() => {
  const names = ["dataset", "transition", "method", "verdict"];
  const form = document.getElementById("filters");
  const facts = names.map((name) => `[data-${name}]`).join(",");
  const fits = (element, wanted) =>
    names.every((name) => {
      const own = element.getAttribute(`data-${name}`);
      return !wanted[name] || own === null || own === wanted[name];
    });

  function filter() {
    const wanted = Object.fromEntries(names.map((name) => [name, form.elements[name].value]));
    const text = form.elements.text.value.trim().toLowerCase();
    for (const element of document.querySelectorAll(`${facts}, .part tbody tr`)) {
      // A matrix keeps its columns whole: of one verdict, other cells are dimmed, not taken out.
      const inMatrix = element.tagName === "TD" && element.closest(".matrix");
      const own = inMatrix ? { ...wanted, verdict: "" } : wanted;
      const words = element.tagName === "TR" && text && !element.textContent.toLowerCase().includes(text);
      element.hidden = !fits(element, own) || Boolean(words);
      if (inMatrix) element.classList.toggle("dim", !fits(element, wanted));
    }
    for (const row of document.querySelectorAll(".matrix tbody tr")) {
      const cells = [...row.querySelectorAll("td")];
      if (cells.length && cells.every((cell) => cell.hidden)) row.hidden = true;
    }
    let shown = 0, all = 0;
    for (const part of document.querySelectorAll(".part")) {
      const rows = [...part.querySelectorAll("tbody tr")];
      const left = rows.filter((row) => !row.hidden).length;
      const nothing = part.querySelector(".nothing");
      if (nothing) nothing.hidden = !rows.length || left > 0;
      for (const scroll of part.querySelectorAll(".scroll")) {
        const own = [...scroll.querySelectorAll("tbody tr")];
        scroll.hidden = own.length > 0 && own.every((row) => row.hidden);
      }
    }
    for (const row of document.querySelectorAll(".part tbody tr")) {
      all += 1;
      shown += row.hidden ? 0 : 1;
    }
    document.getElementById("shown").textContent = `${shown} of ${all} rows`;
  }

  function key(cell) {
    const given = cell.getAttribute("data-sort");
    if (given === "") return null;
    const number = given === null ? NaN : Number(given);
    return Number.isNaN(number) ? cell.textContent.trim().toLowerCase() : number;
  }

  function compare(a, b) {
    if (a === null || b === null) return (a === null) - (b === null); // what is missing goes last
    if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
    return typeof a === "number" ? -1 : 1;
  }

  function sort(button) {
    const head = button.closest("th"), table = button.closest("table"), body = table.tBodies[0];
    const column = Number(button.dataset.sortColumn);
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].map((row) => [key(row.cells[column]), row]);
    rows.sort(([a], [b]) => (a === null || b === null || !down ? compare(a, b) : compare(b, a)));
    for (const [, row] of rows) body.append(row);
  }

  async function copy(button) {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(code); // where the clipboard is closed, as for pages from disk in some browsers
      button.textContent = "selected";
    }
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  }

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) {
      at.hidden = false; // what filters took out is shown where it is asked for
      if (at.tagName === "DETAILS") at.open = true;
    }
    if (target) target.scrollIntoView({ block: "center" });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && button.dataset.sortColumn) sort(button);
    if (button && button.classList.contains("copy")) copy(button);
    if (event.target.closest('a[href^="#"]')) setTimeout(reveal); // also where the address stays the same
  });
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  addEventListener("hashchange", reveal);
  filter();
  if (location.hash) reveal();
})();
