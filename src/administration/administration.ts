import { join } from "@std/path";
import { EndedSessions } from "./ended_sessions.ts";
import { EventLog } from "./event_log.ts";
import { Tokens } from "./tokens.ts";

/** Who may change something, and who did. Everything is read or made at first need. */
export class Administration {
  readonly tokens: Tokens;
  readonly events: EventLog;
  readonly endedSessions: EndedSessions;

  /** `stateRoot` is drawn in publishing/state_layout.ts. */
  constructor(stateRoot: string) {
    this.tokens = new Tokens(join(stateRoot, "tokens.json"));
    this.endedSessions = new EndedSessions(join(stateRoot, "ended_sessions.json"));
    this.events = new EventLog(join(stateRoot, "events"));
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await Promise.all([this.tokens.close(), this.events.close(), this.endedSessions.close()]);
  }
}
