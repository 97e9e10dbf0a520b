import { madeVisible } from "../../formats/text/characters.ts";

/**
 * Text from elsewhere, such as a name or a reason. Invisible characters, and those that change the
 * direction of text, are shown as code points.
 */
export function Foreign({ text }: { text: string }) {
  return (
    <bdi class="foreign">
      <Visible text={text} />
    </bdi>
  );
}

const MARKS = /(<U\+[0-9A-F]{4,6}>)/;

/** Like `Foreign`, for code: there, the style sheet fixes the direction. */
export function Visible({ text }: { text: string }) {
  // Each part is an element, because JSX templates would escape strings in a list twice.
  return (
    <>
      {madeVisible(text).split(MARKS).map((part, index) => (
        <Part text={part} isMark={index % 2 === 1} />
      ))}
    </>
  );
}

function Part({ text, isMark }: { text: string; isMark: boolean }) {
  return isMark ? <span class="code-point">{text}</span> : <>{text}</>;
}
