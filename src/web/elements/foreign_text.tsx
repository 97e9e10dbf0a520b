import { madeVisible } from "../../formats/text/characters.ts";

/**
 * A text that somebody else wrote: a name, a reason. What cannot be seen in it, or changes the order of
 * what surrounds it, is shown by its number.
 */
export function Foreign({ text }: { text: string }) {
  return (
    <bdi class="foreign">
      <Visible text={text} />
    </bdi>
  );
}

const MARKS = /(<U\+[0-9A-F]{4,6}>)/;

/** As `Foreign`, for a line of code, whose order the style sheet keeps. */
export function Visible({ text }: { text: string }) {
  // A template of JSX would escape the texts of a list twice, so each is an element.
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
