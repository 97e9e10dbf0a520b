// Takes the lock given as its argument, says so, and holds it until it dies.
import { DirectoryLock } from "../../../../src/platform/files/directory_lock.ts";

await DirectoryLock.acquire(Deno.args[0]!);
console.log("held");
setInterval(() => {}, 60_000);
