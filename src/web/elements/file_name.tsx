/** A path below the server's root, with the file name before its directory. */
export function FileName({ path }: { path: string }) {
  const at = path.lastIndexOf("/");
  return (
    <span class="file" title={path}>
      <span class="name">{path.slice(at + 1)}</span>
      {at < 0 ? null : <span class="directory">{path.slice(0, at)}</span>}
    </span>
  );
}
