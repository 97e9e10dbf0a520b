import { assert, assertEquals } from "@std/assert";
import { ChildDaemon } from "../../support/child_daemon.ts";
import { FakeMirror } from "../../support/fake_mirror.ts";
import { exchange } from "../../support/http_exchange.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const SECRET = "3b5d5c3712955042212316173ccf37be";
const PATH = "/core/os/x86_64/a-1-1-any.pkg.tar.zst";

Deno.test("a mirror that repeats its credentials cannot make the daemon log them", async () => {
  await using folder = await TempFolder.create();
  await using mirror = await FakeMirror.start();
  const credentials = folder.join("credentials");
  await Deno.writeTextFile(credentials, `X-Api-Key: ${SECRET}\n`);
  await Deno.chmod(credentials, 0o600);
  mirror.behave("*", { kind: "redirect", url: `http://${SECRET}.example/` });
  await using daemon = await ChildDaemon.spawn(folder.path, {
    mirror_urls: [mirror.url],
    credentials,
    answer_timeout: "2s",
  });
  const { status } = await exchange(await daemon.origin(), PATH);
  assertEquals(status, 502);
  await daemon.printed(/redirects to \S+\.example by plain HTTP/);
  assertEquals(mirror.requests[0]?.headers.get("x-api-key"), SECRET);
  assert(!daemon.output.includes(SECRET), daemon.output);
  await daemon.printed(/credentials are sent unencrypted.*upstream=arch/);
});
