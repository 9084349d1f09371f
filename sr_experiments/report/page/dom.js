/** Makes an element. Children are nodes or texts; texts are never read as HTML. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

let labels = 0;

/** A control below its label; whatever else is given stands beside the control. */
function labelled(words, control, ...beside) {
  // Not inside the label: a control there would become a part of its own name.
  control.id = `control-${(labels += 1)}`;
  const label = make("label", { for: control.id }, words);
  return make("div", { class: "field" }, label, make("div", {}, control, ...beside));
}

/** Options of a select from [value, words] pairs. */
function optionsOf(pairs, selected) {
  return pairs.map(([value, words]) =>
    make("option", { value, selected: value === selected }, words),
  );
}

/** A select of [value, words] pairs; onchange gets the chosen value. */
function choice(pairs, selected, onchange) {
  const change = (event) => onchange(event.target.value);
  return make("select", { onchange: change }, ...optionsOf(pairs, selected));
}

/** A part of the page with its heading, listed in the contents. */
function addSection(id, title, ...children) {
  const heading = make("h2", { id: `${id}-title` }, title);
  const section = make("section", { id, "aria-labelledby": `${id}-title` }, heading, ...children);
  document.getElementById("main").append(section);
  document.getElementById("contents").append(make("a", { href: `#${id}` }, title));
}
