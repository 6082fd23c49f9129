/** The dark modules of a QR code as one SVG path, with a rectangle per run. */
export function codePath(modules: boolean[][]): { size: number; path: string } {
  const runs = modules.flatMap((row, y) => {
    const found: string[] = [];
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue;
      let end = x;
      while (row[end]) end += 1;
      found.push(`M${x} ${y}h${end - x}v1h-${end - x}z`);
      x = end;
    }
    return found;
  });
  return { size: modules.length, path: runs.join('') };
}
