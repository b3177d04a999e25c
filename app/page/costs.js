// Form of the costs of the two errors, with which a decision may be "unsure".

import { h } from "./dom.js";

const FIRST = { cost_false_match: 100, cost_false_non_match: 10, prior: 0.5 };
const FIELDS = [
  ["cost_false_match", "Calling different things the same costs", {}],
  ["cost_false_non_match", "Calling the same thing different costs", {}],
  ["prior", "Share of your pairs that show the same thing", { max: 0.999999 }],
];

/**
 * Return the form.
 * @param {object|null} costs Those in force; null for a decision by a threshold.
 * @param {(costs: object|null) => void} chosen Called with new costs, or with null.
 */
export function costsForm(costs, chosen) {
  const inputs = FIELDS.map(([name, , bounds]) =>
    h("input", { type: "number", id: name, name, step: "any", min: 0.000001, required: true, value: (costs ?? FIRST)[name], ...bounds }));
  const read = () => Object.fromEntries(inputs.map((input) => [input.name, Number(input.value)]));
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    chosen(read());
  } },
    h("p", { class: "hint" }, "In units of what it costs to be unsure, such as a look by a person. The decision with the least expected cost is taken (Chow 1970)."),
    ...inputs.map((input, i) => h("label", { htmlFor: input.id }, FIELDS[i][1], input)),
    h("div", { class: "buttons" },
      h("button", { type: "submit" }, "Decide by these costs"),
      costs === null ? null : h("button", { type: "button", class: "quiet", onclick: () => chosen(null) }, "Decide by a threshold")));
  return h("details", { class: "costs", open: costs !== null }, h("summary", {}, "What does a mistake cost you?"), form);
}
