/** Names and values; values that have parts are shown as JSON. */
function definitions(entries) {
  const nodes = Object.entries(entries).flatMap(([key, value]) => {
    const plain = typeof value === "string" ? value : JSON.stringify(value, null, 2);
    const shown =
      value !== null && typeof value === "object" ? make("pre", { tabindex: "0" }, plain) : plain;
    return [make("dt", {}, key), make("dd", {}, shown)];
  });
  return make("dl", {}, ...nodes);
}

/** What varied, what all runs share, and where they ran. */
function setupSection(content) {
  const { configurations, common, environment } = content;
  const shares = Object.keys(common).length > 0;
  return [
    configurations.length ? make("h3", {}, "What varied") : null,
    configurations.length ? variedTable(configurations) : null,
    shares ? make("h3", {}, "The same in all runs") : null,
    shares ? definitions(common) : null,
    Object.keys(environment).length
      ? make("details", {}, make("summary", {}, "Environment"), definitions(environment))
      : null,
  ];
}

function selectText(node) {
  const selection = window.getSelection();
  selection.removeAllRanges();
  const range = document.createRange();
  range.selectNodeContents(node);
  selection.addRange(range);
}

/** Copies a text that is shown; where the browser forbids that, selects it for the reader. */
async function copyText(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return "copied";
  } catch {
    selectText(node);
    return document.execCommand("copy") ? "copied" : "selected: press Ctrl+C";
  }
}

/** The commands that repeat the runs, each with a button to copy it. */
function commandsSection(commands) {
  return commands.map((command) => {
    const code = make("code", {}, command);
    const told = make("span", { role: "status", class: "hint" });
    const copy = async () => {
      told.textContent = await copyText(code);
    };
    const button = make(
      "button",
      { type: "button", onclick: copy },
      "Copy",
      make("span", { class: "unseen" }, `: ${command}`),
    );
    const text = make("pre", { tabindex: "0" }, code);
    return make("div", { class: "command" }, text, button, told);
  });
}
