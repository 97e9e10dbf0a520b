import type { ComponentChildren } from "preact";
import type { Role } from "../role.ts";
import { useVisit } from "../visit_context.ts";

/**
 * How much a button stands out. A page has one "main" button; "danger" is for destructive actions.
 */
export type Weight = "main" | "plain" | "danger" | "quiet";

/**
 * A form for one of the page's actions. Hidden from visitors without the role; the server checks it
 * too.
 */
export function ActionForm(
  { action, fields = {}, role = "administrator", weight = "plain", label, children, button }: {
    action: string;
    /** Hidden fields, by name. */
    fields?: Readonly<Record<string, string | number>>;
    role?: Role;
    weight?: Weight;
    /** For screen readers, if the button's text alone is unclear. */
    label?: string;
    /** Visible fields. */
    children?: ComponentChildren;
    button: ComponentChildren;
  },
) {
  const visit = useVisit();
  if (!visit.may(role)) return null;
  return (
    <form class="action" method="post" action={visit.here()}>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={String(value)} />
      ))}
      {children}
      <button type="submit" class={weight} name="action" value={action} aria-label={label}>
        {button}
      </button>
    </form>
  );
}

/** A text field with a label above and a hint below. */
export function Field(
  { name, label, hint, value, isNumber = false, isRequired = false, isCode = false }: {
    name: string;
    label: string;
    hint?: string;
    value?: string;
    isNumber?: boolean;
    isRequired?: boolean;
    isCode?: boolean;
  },
) {
  return (
    <label class="field">
      <span class="label">{label}</span>
      <input
        class={isCode ? "code" : undefined}
        type="text"
        inputMode={isNumber ? "numeric" : "text"}
        name={name}
        value={value}
        required={isRequired}
        aria-describedby={hint === undefined ? undefined : `hint-${name}`}
      />
      {hint === undefined ? null : <span class="hint" id={`hint-${name}`}>{hint}</span>}
    </label>
  );
}

/** A drop-down list. */
export function Choice(
  { name, label, options, value }: {
    name: string;
    label: string;
    /** Labels by value. */
    options: Readonly<Record<string, string>>;
    value: string;
  },
) {
  return (
    <label class="field">
      <span class="label">{label}</span>
      <select name={name}>
        {Object.entries(options).map(([each, text]) => (
          <option value={each} selected={each === value}>{text}</option>
        ))}
      </select>
    </label>
  );
}
