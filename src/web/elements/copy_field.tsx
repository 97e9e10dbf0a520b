import "./custom_elements.ts";

/** Text to copy. It is in a field so that it can be selected where scripts cannot copy. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const lines = value.split("\n").length;
  return (
    <copy-field>
      <label>
        <span class="label">{label}</span>
        <span class="joined">
          {lines === 1
            ? <input class="code" type="text" readOnly value={value} spellcheck={false} />
            : (
              <textarea class="code" rows={lines} readOnly wrap="off" spellcheck={false}>
                {value}
              </textarea>
            )}
          <button type="button">Copy</button>
        </span>
      </label>
      <span role="status" class="said"></span>
    </copy-field>
  );
}
