// A Quill editor as chat pages have one: a line is a paragraph.
import "quill"; // a script of the older kind, which leaves its name on the window

export const mount = (place, onInput) => {
  const quill = new window.Quill(place);
  quill.on("text-change", onInput);
  return { read: () => quill.getText().slice(0, -1), clear: () => quill.setText("") };
};
