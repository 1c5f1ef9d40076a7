// Small helpers: elements are made from text nodes only, so nothing that a device says becomes markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Keeps one component per key in `container`, in the order of `items`; what stays is updated and never replaced.
export function keyed(container, items, key, make) {
  const known = (container.known ??= new Map());
  const wanted = new Set(items.map(key));
  for (const [id, part] of known) {
    if (!wanted.has(id)) {
      part.element.remove();
      known.delete(id);
    }
  }
  items.forEach((item, index) => {
    let part = known.get(key(item));
    if (!part) known.set(key(item), (part = make(item)));
    part.update(item);
    if (container.children[index] !== part.element) container.insertBefore(part.element, container.children[index] ?? null);
  });
}

export function table(columns, rows, empty) {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  const head = h("tr", {}, columns.map((name) => h("th", { class: name.startsWith("#") ? "number" : null }, name.replace("#", ""))));
  return h("div", { class: "table" }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}

export const row = (attributes, ...cells) =>
  h("tr", attributes, cells.map((cell) => (cell instanceof Node && cell.nodeName === "TD" ? cell : h("td", {}, cell))));

export const number = (...inside) => h("td", { class: "number" }, ...inside);
