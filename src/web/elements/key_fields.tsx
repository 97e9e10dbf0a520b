import { CopyField } from "./copy_field.tsx";
import type { KeyCommands } from "../../api/key_commands.ts";

/** The commands that make pacman trust this server's keys, to copy. */
export function KeyFields({ commands: { add, trust } }: { commands: KeyCommands }) {
  return (
    <>
      {add.map((command) => <CopyField label="Get the keys" value={command} />)}
      {trust.map((command) => (
        <CopyField label="Trust the key with this fingerprint" value={command} />
      ))}
    </>
  );
}
