// A ProseMirror editor as chat pages have one: Enter sends, a line is a paragraph.
import { EditorState } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { schema } from "prosemirror-schema-basic";
import { keymap } from "prosemirror-keymap";
import { baseKeymap } from "prosemirror-commands";

export const mount = (place, onInput) => {
  place.textContent = "";
  const view = new EditorView(place, {
    state: EditorState.create({ schema, plugins: [keymap(baseKeymap)] }),
    dispatchTransaction(transaction) {
      view.updateState(view.state.apply(transaction));
      onInput();
    },
  });
  return {
    read: () => view.state.doc.textBetween(0, view.state.doc.content.size, "\n", "\n"),
    clear: () => view.dispatch(view.state.tr.delete(0, view.state.doc.content.size)),
  };
};
