import "../../elements/custom_elements.ts";
import { Part } from "../../elements/facts.tsx";
import { ActionForm } from "../../elements/forms.tsx";
import { Notice } from "../../elements/messages.tsx";

const CONSENTS = {
  downgrade: "older versions than those published",
  replace: "different contents for a published version",
  shadow: "names of packages in mirrored repositories",
};

/** The form to add packages. `upload` is the id of an upload that is not published yet, or "". */
export function AddPackages({ upload }: { upload: string }) {
  if (upload !== "") {
    return (
      <Notice tone="warn" title="Uploaded, not yet published">
        <ActionForm
          action="publish"
          fields={{ upload }}
          button="Publish them"
          weight="main"
        >
          <fieldset>
            <legend>Allow</legend>
            {Object.entries(CONSENTS).map(([name, text]) => (
              <label class="check">
                <input type="checkbox" name={name} value="yes" /> {text}
              </label>
            ))}
          </fieldset>
        </ActionForm>
        <ActionForm action="abandon" fields={{ upload }} button="Discard them" />
      </Notice>
    );
  }
  return (
    <Part title="Add packages">
      <upload-files>
        <form method="post" enctype="multipart/form-data">
          <label class="drop">
            <span class="label">
              Packages built by makepkg, with their signatures if they have any
            </span>
            <input type="file" name="files" multiple accept=".zst,.xz,.gz,.tar,.sig" />
          </label>
          <noscript>
            <button type="submit" class="main">Publish them</button>
          </noscript>
        </form>
        <progress max="1" value="0" hidden></progress>
        <p role="status" class="quiet">
          They are published together. If one is rejected, none are published.
        </p>
      </upload-files>
    </Part>
  );
}
