// Filters and sorts the table of detections. Without scripts the page shows all of it, in the order of the run.
"use strict";
document.documentElement.classList.add("js");
const table = document.querySelector("#detections tbody");
const rows = [...table.rows];
const search = document.querySelector("#search");
const boxes = [...document.querySelectorAll("[data-filter]")];
const shown = document.querySelector("#shown");

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const off = boxes.filter(box => !box.checked);
  let count = 0;
  for (const row of rows) {
    const hidden = off.some(box => row.dataset[box.dataset.filter] === box.value)
      || words.some(word => !row.dataset.text.includes(word));
    row.hidden = hidden;
    document.getElementById(row.dataset.section).hidden = hidden;
    count += !hidden;
  }
  shown.textContent = `${count} of ${rows.length} shown`;
}

function sort(heading) {
  const column = heading.cellIndex;
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const key = row => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const compare = (a, b) => key(a).localeCompare(key(b), undefined, { numeric: true });
  table.append(...[...rows].sort((a, b) => (down ? -1 : 1) * compare(a, b)));
}

search.addEventListener("input", filter);
for (const box of boxes) box.addEventListener("change", filter);
for (const button of document.querySelectorAll("#detections th button"))
  button.addEventListener("click", () => sort(button.parentNode));
filter();
