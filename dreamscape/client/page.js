// A function of what to do, the site's profile, a value and a channel; its promise gives what came of it, as JSON.
// It runs inside a chat page and leaves nothing there. While it runs, it tells each BEAT_MS how far the answer is, so
// that a page that no longer reacts is noticed.
async (action, givenSite, givenValue, tell) => {
const site = JSON.parse(givenSite);
const value = JSON.parse(givenValue);
const BEAT_MS = 400;
const SETTLED_MS = 500;

const isVisible = (element) => element.getClientRects().length > 0;
const all = (selectors, root = document) => {
  for (const selector of selectors) {
    const found = [...root.querySelectorAll(selector)].filter(isVisible);
    if (found.length) return found;
  }
  return [];
};
const first = (selectors, root) => all(selectors, root)[0];

// Resolves with what look() gives as soon as it gives something, or with null after so many seconds.
const seen = (look, seconds) =>
  new Promise((resolve) => {
    const check = () => {
      const found = look();
      if (found) end(found);
    };
    const observer = new MutationObserver(check);
    const timer = setTimeout(() => end(look() || null), seconds * 1000);
    const end = (found) => {
      observer.disconnect();
      clearTimeout(timer);
      resolve(found);
    };
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    check();
  });

const trouble = () => ["challenge", "logged_out"].find((kind) => first(site[kind]));

const protocol = () => performance.getEntriesByType("navigation")[0]?.nextHopProtocol ?? "";

const actions = {
  // Is there anything to be seen: the prompt box, or what stands in its place?
  ready: () =>
    seen(() => {
      const kind = trouble() ?? (first(site.rate_limit) ? "rate_limit" : null) ?? (first(site.box) ? "box" : null);
      if (kind === "box" && location.origin !== new URL(site.url).origin) return { state: "elsewhere" };
      return kind && { state: kind, protocol: protocol() };
    }, value.seconds),

  // Waits for the box and writes the prompt by the first way that it takes exactly; nothing is sent.
  enter: async () => {
    const ready = await actions.ready();
    if (ready?.state !== "box") return ready;
    if (value.attachment !== null && !(await attached(value))) return { state: "unattached" };
    const way = await put(value.prompt);
    return way ? { state: "entered", way, protocol: ready.protocol } : { state: "refused" };
  },

  // Sends what was entered, waits for the answer's end, and gives what the page's own copy button copies.
  converse: async () => {
    const watched = [site.answer, site.copy, site.finished, site.failed, site.rate_limit];
    const old = new WeakSet(watched.flatMap((kind) => all(kind)));
    const fresh = (selectors) => all(selectors).filter((element) => !old.has(element));
    const told = all(site.answer).map((answer) => answer.textContent);
    // The last new answer. Where a page draws old ones anew, one that repeats them, while there are no more than before
    // and the model was not seen to write, is none.
    const latest = (wasBusy) => {
      const answer = fresh(site.answer).at(-1);
      const isOld = answer && !wasBusy && told.includes(answer.textContent) && all(site.answer).length <= told.length;
      return isOld ? undefined : answer;
    };
    const send = (await sendable()) ?? (await sendable());
    if (!isWhole()) return { state: "refused" };
    if (value.is_attached && !first(site.attached)) return { state: "unattached" };
    if (!send.button) return { state: "unsent" };
    const before = content();
    press(send.button);
    const signs = [site.busy, site.answer, site.failed, site.rate_limit];
    const isTaken = () => content() !== before || trouble() || signs.some((kind) => fresh(kind).length);
    if (!(await seen(isTaken, value.react_s))) return { state: "untaken" };
    const outcome = await ended(fresh, latest);
    if (outcome.state !== "finished") return outcome;
    const answer = outcome.answer;
    if (!site.copy.length) return { state: "answered", text: read(answer) };
    const button = await seen(() => belonging(site.copy, answer, fresh), value.react_s);
    const text = button && (await copied(button, value.react_s));
    return { state: text ? "answered" : "uncopied", text };
  },

  // Which alternative of each selector list is to be seen now: its place, or -1.
  inspect: async () => {
    return Object.fromEntries(lists().map(([key, selectors]) => [key, selectors.findIndex((one) => first([one]))]));
  },

  // Makes a picture fit to be kept: in place of the page stand the outlines of its elements, those that the profile
  // finds in red with their key. Nothing of the page itself is left to be seen, whatever its styles and policies say.
  veil: async () => {
    const keys = new Map(lists().flatMap(([key, selectors]) => all(selectors).map((found) => [found, key])));
    const seenOnes = elements(document.body).filter(isVisible).slice(0, 5000);
    const outlines = seenOnes.map((element) => outline(element.getBoundingClientRect(), keys.get(element)));
    document.adoptedStyleSheets = [];
    document.documentElement.replaceChildren(...outlines);
    return {};
  },
};

const lists = () => Object.entries(site).filter(([, selectors]) => Array.isArray(selectors) && selectors.length);

const elements = (root) =>
  [...root.querySelectorAll("*")].flatMap((one) => [one, ...(one.shadowRoot ? elements(one.shadowRoot) : [])]);

const outline = ({ left, top, width, height }, key) => {
  const frame = document.createElement("div");
  frame.textContent = key ?? "";
  const place = { position: "fixed", left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
  const look = { outline: key ? "3px solid red" : "1px solid #bbb", color: "red", font: "12px sans-serif" };
  Object.assign(frame.style, place, look, { zIndex: key ? 1 : 0 });
  return frame;
};

// What stands in the prompt box, as cheaply as it can be told.
const content = () => {
  const box = first(site.box);
  return box && (box.value ?? box.textContent);
};

// What is inside an answer or, as some pages have it, new behind it.
const belonging = (selectors, answer, fresh) => {
  const isBehind = (element) => answer.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  return first(selectors, answer) ?? fresh(selectors).find(isBehind);
};

// Gives a file to the page's own file input, which is hidden as a rule, and waits until the page shows that it has it.
const attached = async ({ attachment, name, react_s }) => {
  const input = site.file_input.map((selector) => document.querySelector(selector)).find(Boolean);
  if (!input) return null;
  const held = new DataTransfer();
  held.items.add(new File([attachment], name, { type: "text/markdown" }));
  input.files = held.files;
  for (const name of ["input", "change"]) input.dispatchEvent(new Event(name, { bubbles: true }));
  return seen(() => first(site.attached), react_s);
};

// How the answer ends. It is idle while nothing shows that the model writes and it grows no more: too long, and it is
// taken for broken off.
const ended = async (fresh, latest) => {
  let [grown, hasBegun, wasBusy] = [0, false, false];
  let since = performance.now();
  const outcome = () => {
    const bad = trouble() ?? ["rate_limit", "failed"].find((kind) => fresh(site[kind]).length);
    if (bad) return { state: bad };
    const isBusy = !!first(site.busy);
    wasBusy ||= isBusy;
    const answer = latest(wasBusy);
    const length = answer?.textContent.length ?? 0;
    hasBegun ||= isBusy || length > 0;
    if (isBusy || length !== grown || !hasBegun) since = performance.now();
    grown = length;
    progress = length;
    const isFinished = answer && belonging(site.finished.length ? site.finished : site.copy, answer, fresh);
    return isFinished && !isBusy ? { state: "finished", answer } : null;
  };
  const until = performance.now() + site.answer_s * 1000;
  while (performance.now() < until) {
    const found = await seen(outcome, 1);
    if (found) {
      const length = progress;
      // An error may be drawn right behind the finished answer; and where the model was not seen to write, a page that
      // shows its copy button from the beginning is told by the answer's growing.
      await (wasBusy ? turn() : new Promise((resolve) => setTimeout(resolve, SETTLED_MS)));
      const settled = outcome() ?? found;
      if (wasBusy || progress === length) return settled;
    }
    if (performance.now() - since > value.idle_s * 1000) return { state: "silent" };
  }
  return { state: "endless" };
};

// An editor that follows its element by a mutation observer must have seen one change before the next.
const turn = () => new Promise((resolve) => setTimeout(resolve));

// Writes a prompt into the box by the first way that it takes exactly; gives that way, or null and an empty box.
const put = async (prompt) => {
  const box = first(site.box);
  if (!box) return null;
  box.focus();
  for (const [way, write] of Object.entries("value" in box ? fieldWays : editorWays)) {
    await empty(box);
    write(box, prompt);
    await turn();
    if (written(box) === prompt) return way;
  }
  await empty(box);
  return null;
};

// Whether the prompt still stands in its box: a page may cut or drop it later than it takes it.
const isWhole = () => {
  const box = first(site.box);
  return !!box && written(box) === value.prompt;
};

// The send button once it can be pressed; null where the box lost the prompt meanwhile, as while a page is still being
// built: then it is written once more.
const sendable = async () => {
  if (!isWhole()) await put(value.prompt);
  const isReady = (button) => !button.disabled && button.ariaDisabled !== "true";
  const found = await seen(() => (isWhole() ? all(site.send).find(isReady) : "lost"), value.react_s);
  return found === "lost" ? null : { button: found };
};

const empty = async (box) => {
  if (!written(box).trim()) return;
  if ("value" in box) return fieldWays.value(box, "");
  box.focus();
  document.execCommand("selectAll");
  document.execCommand("delete");
  await turn();
};

const fieldWays = {
  // Frameworks replace the element's own setter to follow what is typed; the class's tells them as a key press does.
  value: (box, text) => {
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, text);
    box.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
  },
};

const paste = (box, types) => {
  const clipboardData = new DataTransfer();
  for (const [type, text] of Object.entries(types)) clipboardData.setData(type, text);
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
};

const escaped = (line) => line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const editorWays = {
  paste: (box, text) => paste(box, { "text/plain": text }),
  // ProseMirror's own form of a copied slice, in which it keeps blanks and empty lines.
  slice: (box, text) => {
    const lines = text.split("\n").map((line) => `<p data-pm-slice="1 1 []">${escaped(line)}</p>`);
    paste(box, { "text/html": `<meta charset="utf-8">${lines.join("")}`, "text/plain": text });
  },
  insert: (box, text) => text.length <= 20000 && document.execCommand("insertText", false, text), // longer ones hang
  // A plain editable element has no model behind it that could contradict.
  text: (box, text) => {
    box.textContent = text;
    box.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
  },
};

const isBlock = (node) => /^(P|DIV|PRE|LI|BLOCKQUOTE|H[1-6])$/.test(node.tagName ?? "");

// The text of a box as the page will read it: a field's value, an editor's paragraphs as lines (its model is not to be
// seen), and of a plain editable element what the browser makes of it.
const written = (box) => {
  if ("value" in box) return box.value;
  return box.matches(".ProseMirror, .ql-editor, [data-lexical-editor]") ? lines(box) : box.innerText;
};

const lines = (node) => {
  let text = "";
  let isOpen = false; // whether something stands on the present line
  for (const child of node.childNodes) {
    if (isBlock(child)) {
      text += (isOpen ? "\n" : "") + lines(child);
      isOpen = true;
    } else if (child.tagName === "BR") {
      const holdsLineOpen = !child.nextSibling;
      text += holdsLineOpen ? "" : "\n";
      isOpen = !holdsLineOpen || isOpen;
    } else {
      text += child.nodeType === Node.TEXT_NODE ? child.data : lines(child);
      isOpen = true;
    }
  }
  return text;
};

const press = (element) => {
  const options = { bubbles: true, cancelable: true, composed: true, view: window, button: 0 };
  element.scrollIntoView({ block: "center" });
  for (const name of ["pointerdown", "mousedown", "pointerup", "mouseup"]) {
    element.dispatchEvent(new (name.startsWith("pointer") ? PointerEvent : MouseEvent)(name, options));
  }
  element.click();
};

// Presses a copy button with every road to the clipboard closed off by ourselves; null if it took none.
const copied = (button, seconds) =>
  new Promise((resolve) => {
    const clipboard = navigator.clipboard ?? {};
    const command = document.execCommand;
    const timer = setTimeout(() => end(null), seconds * 1000);
    const end = (text) => {
      clearTimeout(timer);
      delete clipboard.writeText;
      delete clipboard.write;
      delete document.execCommand;
      resolve(text);
    };
    clipboard.writeText = async (text) => end(String(text));
    clipboard.write = async (items) => {
      for (const item of items) {
        if (item.types.includes("text/plain")) return end(await (await item.getType("text/plain")).text());
      }
    };
    document.execCommand = (name, ...rest) => {
      if (name !== "copy") return command.call(document, name, ...rest);
      const field = document.activeElement;
      const isField = typeof field?.selectionStart === "number";
      end(isField ? field.value.slice(field.selectionStart, field.selectionEnd) : String(getSelection()));
      return true;
    };
    press(button);
  });

// What is to be seen of an answer: code as it is, in a fence; all else as text. What marks it as finished is no part of
// it, unless it holds all of it.
const read = (answer) => {
  const marks = ["button", "svg"];
  return blocks(answer, [...marks, ...site.finished].join()).join("\n\n") || blocks(answer, marks.join()).join("\n\n");
};

const blocks = (root, marks) => {
  const found = [];
  let line = "";
  const end = () => {
    if (line.trim()) found.push(line);
    line = "";
  };
  for (const node of root.childNodes) {
    if (!isShown(node, marks)) continue;
    if (isInline(node)) {
      line += words(node, marks);
      continue;
    }
    end();
    found.push(...(node.tagName === "PRE" ? [fenced(node.querySelector("code") ?? node)] : blocks(node, marks)));
  }
  end();
  return found;
};

const words = (node, marks) => {
  if (!isShown(node, marks)) return "";
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.tagName === "BR") return "\n";
  const text = [...node.childNodes].map((child) => words(child, marks)).join("");
  return node.tagName === "CODE" ? `\`${text}\`` : text;
};

// Comments are marks of the page's framework.
const isShown = (node, marks) =>
  node.nodeType === Node.ELEMENT_NODE
    ? getComputedStyle(node).display !== "none" && !node.matches(marks)
    : node.nodeType === Node.TEXT_NODE;

// An inline element, such as one of the page's own kind, may hold blocks, which break it (CSS 2.2, section 9.2.1.1).
const isInline = (node) => {
  const display = node.nodeType === Node.ELEMENT_NODE ? getComputedStyle(node).display : "inline";
  return display === "inline" ? [...(node.children ?? [])].every(isInline) : /^inline|^none/.test(display);
};

// A fence is longer than any run of backticks in it (CommonMark 0.31, section 4.5).
const fenced = (code) => {
  const text = code.textContent;
  const runs = text.match(/`+/g) ?? [];
  const fence = "`".repeat(Math.max(3, 1 + Math.max(0, ...runs.map((run) => run.length))));
  const language = /language-(\S+)/.exec(code.className)?.[1] ?? "";
  return `${fence}${language}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`;
};

let progress = 0;
const piece = document.createDocumentFragment();
for (const selector of Object.values(site).filter(Array.isArray).flat()) {
  try {
    piece.querySelector(selector);
  } catch {
    return JSON.stringify({ no_selector: selector });
  }
}
const beat = setInterval(() => tell(progress), BEAT_MS);
try {
  return JSON.stringify(await actions[action]());
} finally {
  clearInterval(beat);
}
}
