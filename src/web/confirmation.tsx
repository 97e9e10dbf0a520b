import type { Content, Form, Question } from "./page.ts";
import type { Visit } from "./visit.ts";

/** The hidden field that marks a confirmed form. */
export const CONFIRMED = "confirmed";

/** A page that asks for confirmation and then sends the same form again. */
export function confirmationOf(
  { heading, body, button }: Question,
  form: Form,
  visit: Visit,
): Content {
  return {
    heading,
    tone: "warn",
    commands: [],
    body: (
      <form class="confirmation" method="post" action={visit.here()}>
        {form.entries().map(([name, value]) => <input type="hidden" name={name} value={value} />)}
        <input type="hidden" name={CONFIRMED} value="yes" />
        {body}
        <p class="buttons">
          <button type="submit" class="danger">{button}</button>
          <a class="button plain" href={visit.here()}>Keep everything as it is</a>
        </p>
      </form>
    ),
  };
}
