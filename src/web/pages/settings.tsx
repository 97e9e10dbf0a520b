import { type ConfigurationReport, SHOW_CONFIGURATION } from "../../api/configuration.ts";
import { SET_LOG_LEVEL, SHOW_LOG_LEVEL } from "../../api/log_level.ts";
import { SHOW_STATUS } from "../../api/status.ts";
import { LOG_LEVELS } from "../../log_level.ts";
import { Fact, Facts, Part } from "../elements/facts.tsx";
import { Filter } from "../elements/filter.tsx";
import { ActionForm, Choice } from "../elements/forms.tsx";
import { Notice } from "../elements/messages.tsx";
import { counted, Time } from "../elements/quantities.tsx";
import type { Content, Page } from "../page.ts";
import { SettingsTable } from "./settings/settings_table.tsx";

/** The settings in force and their origins. Read-only: settings are changed in files. */
export const SETTINGS: Page = {
  path: "settings",
  title: "Settings",
  section: "Administration",
  role: "viewer",
  render: async ({ call }) => {
    const [configuration, { level }, { version, started_at }] = await Promise.all([
      call(SHOW_CONFIGURATION),
      call(SHOW_LOG_LEVEL),
      call(SHOW_STATUS),
    ]);
    const { failure, file, read_at, settings, token } = configuration;
    return {
      ...sentenceOf(configuration),
      commands: ["pkgstash configuration", "pkgstash check-config", "pkgstash log-level"],
      body: (
        <>
          {failure === null ? null : (
            <Notice tone="warn" title="The last reload failed">
              <p>{failure}</p>
              <p>
                The configuration read <Time at={read_at} />{" "}
                stays in force. Correct the file, check it with pkgstash check-config, and reload.
              </p>
            </Notice>
          )}
          <Facts>
            <Fact label="Configuration read" value={<Time at={read_at} />}>
              <span class="more path">{file ?? "no file; defaults and environment"}</span>
            </Fact>
            <Fact label="Administrator's token" value={token === null ? "not set" : "set"}>
              <span class="more">{token === null ? "the API is off" : `from: ${token}`}</span>
            </Fact>
            <Fact label="Version" value={version}>
              <span class="more">
                started <Time at={started_at} />
              </span>
            </Fact>
          </Facts>
          <Part
            title="Log level"
            aside={
              <ActionForm action="log-level" button="Set">
                <Choice
                  name="level"
                  label="Least severe level"
                  options={Object.fromEntries(LOG_LEVELS.map((each) => [each, each]))}
                  value={level}
                />
              </ActionForm>
            }
          >
            <p class="quiet">
              Messages of level {level}{" "}
              and above are logged. A level set here lasts until the next restart or reload.
            </p>
          </Part>
          <Part title="Configuration">
            <Filter label="Search the keys" placeholder="mirror, cache, aur" />
            <SettingsTable settings={settings} />
          </Part>
        </>
      ),
    };
  },
  actions: {
    "log-level": {
      role: "administrator",
      run: async ({ call }, form) => {
        const level = LOG_LEVELS.find((each) => each === form.text("level")) ?? LOG_LEVELS[0];
        await call(SET_LOG_LEVEL, { body: { level } });
        return { text: `The log level is now ${level}.` };
      },
    },
  },
};

function sentenceOf(
  { failure, settings }: ConfigurationReport,
): Pick<Content, "heading" | "tone"> {
  if (failure !== null) {
    return { heading: "The configuration has errors; an earlier one is in use", tone: "warn" };
  }
  const changed = settings.filter(({ origin }) => origin !== "default").length;
  return {
    heading: changed === 0
      ? "All settings are at their defaults"
      : `${counted(changed, "setting differs", "settings differ")} from the defaults`,
    tone: "calm",
  };
}
