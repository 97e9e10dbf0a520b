import { Visible } from "../../elements/foreign_text.tsx";
import { styledTexts } from "./ansi_text.ts";

/** A log line, its number linking to it. */
export function LogLine(
  { number, text, href = `#L${number}` }: { number: number; text: string; href?: string },
) {
  return (
    <div class="log-line" id={`L${number}`} data-line={number}>
      <a class="line-number" href={href}>{number}</a>
      <code>
        <LogText text={text} />
      </code>
    </div>
  );
}

/** The text of a log line, with its colours. */
export function LogText({ text }: { text: string }) {
  return (
    <>
      {styledTexts(text).map(({ text, classes }) =>
        classes === "" ? <Visible text={text} /> : (
          <span class={classes}>
            <Visible text={text} />
          </span>
        )
      )}
    </>
  );
}
