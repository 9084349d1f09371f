const VERDICTS = {
  supports: { mark: "✓", words: "supports", kind: "good" },
  contradicts: { mark: "✗", words: "contradicts", kind: "bad" },
  "cannot tell": { mark: "?", words: "cannot tell", kind: "open" },
};

function badge({ mark, words, kind }) {
  return make(
    "span",
    { class: `badge ${kind}` },
    make("span", { "aria-hidden": "true" }, `${mark} `),
    words,
  );
}

/** The title, what was asked, when, and what a reader must know first. */
function fillHead(content) {
  const date = new Date(content.created);
  const written = Number.isNaN(date.getTime())
    ? content.created
    : new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(date);
  const notes = content.notes.map((note) => make("li", {}, note));
  document
    .getElementById("head")
    .append(
      make("h1", {}, content.title),
      content.lead ? make("p", { class: "lead" }, content.lead) : "",
      make(
        "p",
        { class: "hint" },
        "Written ",
        make("time", { datetime: content.created }, written),
      ),
      notes.length ? make("div", { class: "notes", role: "note" }, make("ul", {}, ...notes)) : "",
    );
}

/** Claims with what the runs say about them, then comparisons in words. */
function findingsSection(content) {
  const claims = content.claims.map((claim) => {
    const verdict = VERDICTS[claim.verdict] ?? { mark: "?", words: claim.verdict, kind: "open" };
    const head = make("p", { class: "claim" }, badge(verdict), make("b", {}, claim.text));
    return make("li", {}, head, make("p", {}, claim.words));
  });
  const pairs = content.pairs.map((pair) => make("li", {}, pair));
  return [
    claims.length ? make("ul", { class: "claims" }, ...claims) : null,
    pairs.length ? make("h3", {}, "Comparisons") : null,
    pairs.length ? make("ul", {}, ...pairs) : null,
  ];
}
