/** Elements of XML open and close like brackets, and no text has what must be escaped. */
export function tagsIn(svg: string): string {
  const open: string[] = [];
  const rest = svg.replace(/<(\/?)(\w+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g, (_, ends, name, __, closed) => {
    if (ends === '/' && open.pop() !== name) open.push(`wrong ${name}`);
    if (ends === '' && closed === '') open.push(name);
    return '';
  });
  if (open.length > 0) return open.join(' ');
  return /<|&(?!amp;|lt;|gt;|quot;)/.test(rest) ? 'stray' : 'balanced';
}
