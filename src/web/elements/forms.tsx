import type { ComponentChildren } from "preact";
import type { Role } from "../role.ts";
import { useVisit } from "../visit_context.ts";

/** How much a button stands out: one of a page is "main", what destroys is "danger". */
export type Weight = "main" | "plain" | "danger" | "quiet";

/**
 * A form for a change; `action` is one of the page's actions. It is hidden from readers who lack the
 * right, and the server refuses them as well.
 */
export function ActionForm(
  { action, fields = {}, role = "administrator", weight = "plain", label, children, button }: {
    action: string;
    /** What the form carries besides its fields. */
    fields?: Readonly<Record<string, string | number>>;
    role?: Role;
    weight?: Weight;
    /** For screen readers, where the text of the button alone says too little. */
    label?: string;
    /** Its fields. */
    children?: ComponentChildren;
    /** The text of the button. */
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

/** A field with its label above, and what helps to fill it in below. */
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

/** A choice of one of several values. */
export function Choice(
  { name, label, options, value }: {
    name: string;
    label: string;
    /** Texts by their values. */
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
