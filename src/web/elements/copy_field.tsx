import "./custom_elements.ts";

/** A line to copy. The field is there for browsers that let no script copy. */
export function CopyField({ label, value }: { label: string; value: string }) {
  return (
    <copy-field>
      <label>
        <span class="label">{label}</span>
        <span class="joined">
          <input class="code" type="text" readOnly value={value} spellcheck={false} />
          <button type="button">Copy</button>
        </span>
      </label>
      <span role="status" class="said"></span>
    </copy-field>
  );
}
