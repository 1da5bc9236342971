// Runs inside a chat page: arguments are the action's name, the site's profile, a value, and WebDriver's callback.
// What must outlive one call hangs on the window under a symbol, so that the page's own names stay free.
const [action, site, value, done] = arguments;
const memory = (window[Symbol.for("dreamscape")] ??= {});

const isVisible = (element) => element.getClientRects().length > 0;
const all = (selectors, root = document) => {
  for (const selector of selectors) {
    const found = [...root.querySelectorAll(selector)].filter(isVisible);
    if (found.length) return found;
  }
  return [];
};
const first = (selectors, root) => all(selectors, root)[0];

// Resolves with what look() gives as soon as it gives something, or with null after so many milliseconds.
const seen = (look, milliseconds) =>
  new Promise((resolve) => {
    const check = () => {
      const found = look();
      if (found) end(found);
    };
    const observer = new MutationObserver(check);
    const timer = setTimeout(() => end(look() || null), milliseconds);
    const end = (found) => {
      observer.disconnect();
      clearTimeout(timer);
      resolve(found);
    };
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    check();
  });

const trouble = () => ["challenge", "logged_out"].find((kind) => first(site[kind]));

const actions = {
  // The page is open: can it be written to?
  ready: () =>
    seen(() => {
      if (location.protocol === "chrome-error:") return { state: "unreachable" };
      const kind = trouble() ?? (first(site.rate_limit) ? "rate_limit" : null) ?? (first(site.box) ? "box" : null);
      return kind && { state: kind };
    }, value),

  // Writes the prompt by the first way that the box takes exactly; null if there is none.
  enter: async () => {
    const box = first(site.box);
    box.focus();
    for (const [name, write] of Object.entries("value" in box ? fieldWays : editorWays)) {
      await empty(box);
      write(box, value);
      await turn();
      if (written(box) === value) return { state: name };
    }
    await empty(box);
    return null;
  },

  // Sends what was entered.
  send: async () => {
    const isNew = (element) => !memory.before.has(element);
    memory.before = new WeakSet([site.answer, site.failed, site.rate_limit].flatMap((kind) => all(kind)));
    memory.wasBusy = false;
    memory.fresh = (selectors) => all(selectors).filter(isNew);
    const button = await seen(() => all(site.send).find((b) => !b.disabled && b.ariaDisabled !== "true"), value);
    if (!button) return null;
    press(button);
    return { state: "sent" };
  },

  // Waits for the answer's end; tells after so many milliseconds how far it is.
  wait: async () => {
    if (!memory.fresh) return { state: "left" };
    const outcome = () => {
      const bad = trouble() ?? ["rate_limit", "failed"].find((kind) => memory.fresh(site[kind]).length);
      if (bad) return { state: bad };
      const answer = memory.fresh(site.answer).at(-1);
      const isBusy = !!first(site.busy);
      memory.wasBusy ||= isBusy || !!answer?.textContent;
      const isFinished = answer && first(site.finished.length ? site.finished : site.copy, answer);
      return isFinished && !isBusy ? { state: "finished" } : null;
    };
    await seen(outcome, value);
    await turn(); // an error may be drawn right behind the finished answer
    const answer = memory.fresh(site.answer).at(-1);
    const progress = { characters: answer?.textContent.length ?? 0, isIdle: !!memory.wasBusy && !first(site.busy) };
    return { state: "writing", ...outcome(), ...progress };
  },

  // What the page's own copy button puts on the clipboard.
  copy: async () => {
    const answer = memory.fresh(site.answer).at(-1);
    const button = await seen(() => first(site.copy, answer), value);
    return button && { state: "copied", text: await copied(button, value) };
  },
};

// An editor that follows its element by a mutation observer must have seen one change before the next.
const turn = () => new Promise((resolve) => setTimeout(resolve));

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
  return box.matches(".ProseMirror, [data-lexical-editor]") ? lines(box) : box.innerText;
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
const copied = (button, milliseconds) =>
  new Promise((resolve) => {
    const clipboard = navigator.clipboard ?? {};
    const command = document.execCommand;
    const timer = setTimeout(() => end(null), milliseconds);
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

actions[action]().then(done, (error) => done({ state: "error", text: String(error) }));
