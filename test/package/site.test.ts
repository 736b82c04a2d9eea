/** The documentation as a site, in a browser: no dead link, nothing wider than a phone, and search finds. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './readme-blocks.js';

const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) =>
  existsSync(file),
);
const LEFT_OUT = BROWSER === undefined ? ' (skipped: there is no Chromium in /usr/bin)' : '';
const PHONE = { width: 390, height: 844 };

const site = mkdtempSync(path.join(tmpdir(), 'solod-site-'));
const pages = (): string[] =>
  (readdirSync(site, { recursive: true }) as string[]).filter((file) => file.endsWith('.html')).sort();
const read = (file: string): string => readFileSync(path.join(site, file), 'utf8');

beforeAll(() => {
  const typedoc = path.join(ROOT, 'docs/node_modules/typedoc/bin/typedoc');
  execFileSync(process.execPath, [typedoc, '--out', site], {
    cwd: path.join(ROOT, 'docs'),
    stdio: 'pipe',
  });
});
afterAll(() => rmSync(site, { recursive: true, force: true }));

/** Where the links of a page lead that does not exist: files, and places in files. */
function deadIn(file: string, ids: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const links = [...read(file).matchAll(/\s(?:href|src)="([^"]+)"/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^(?:[a-z]+:|\/\/)/.test(link)) return false;
    const [target = '', place] = link.replaceAll('&amp;', '&').split('#');
    const to = target === '' ? file : path.join(path.dirname(file), decodeURIComponent(target));
    if (place === undefined || place === '' || !to.endsWith('.html')) return !existsSync(path.join(site, to));
    return !ids.get(to)?.has(decodeURIComponent(place));
  });
}

it('has a page for each document, and no dead link', () => {
  const ids = new Map(
    pages().map((file) => [
      file,
      new Set([...read(file).matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id)),
    ]),
  );
  expect(ids.size).toBeGreaterThan(80);
  for (const name of ['call', 'obtain', 'claim', 'kick', 'shareStdio'])
    expect([...ids.keys()]).toContain(`functions/solod.${name}.html`);
  const dead = pages().flatMap((file) => deadIn(file, ids).map((link) => `${file}: ${link}`));
  expect(dead).toEqual([]);
});

describe.skipIf(BROWSER === undefined)(`in a browser${LEFT_OUT}`, () => {
  let browser: Browser;
  let server: Server;
  let base: string;
  const troubles: string[] = [];

  beforeAll(async () => {
    const types: Readonly<Record<string, string>> = {
      '.html': 'text/html',
      '.js': 'text/javascript',
      '.css': 'text/css',
      '.svg': 'image/svg+xml',
    };
    server = createServer(({ url = '/' }, response) => {
      const file = path.join(site, decodeURIComponent(new URL(url, 'http://x').pathname));
      if (!existsSync(file)) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'application/octet-stream' });
      response.end(readFileSync(file));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ executablePath: BROWSER ?? '', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function opened(viewport = { width: 1280, height: 900 }): Promise<Page> {
    const page = await browser.newPage({ viewport });
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('response', (response) => response.status() >= 400 && troubles.push(response.url()));
    return page;
  }

  it('each document opens without an error, and fits a phone', async () => {
    const page = await opened(PHONE);
    const wide: string[] = [];
    const documents = pages().filter((file) => /^(?:index|modules|documents\/.*)\.html$/.test(file));
    expect(documents.length).toBeGreaterThan(50);
    for (const file of documents) {
      await page.goto(base + file.split('/').map(encodeURIComponent).join('/'));
      const width = await page.evaluate('document.documentElement.scrollWidth');
      if (Number(width) > PHONE.width) wide.push(`${file}: ${width}`);
    }
    expect({ wide, troubles }).toEqual({ wide: [], troubles: [] });
  });

  it.each([
    ['SOLOD_E_TIMED_OUT', 'Troubleshooting by message'],
    ['prettierd', 'Moving from other tools'],
    ['systemd', 'Install'],
    ['SOLOD_E_DOCTOR_NO_SPACE', 'Troubleshooting by message'],
    ['two daemons', 'Troubleshooting by message'],
    ['NFS', 'Operations'],
    ['docker', 'Operations'],
    ['--idle-timeout', 'solod call'],
    ['--fallback', 'solod call'],
    ['deamon', 'Any program as a daemon'],
    ['instalation', 'Install'],
    ['Konfiguration', 'A linter as a service'],
    ['permision', 'Troubleshooting by message'],
    ['performace', 'Performance'],
    ['eslintd', 'Moving from other tools'],
    ['pidfile', 'Moving from other tools'],
    ['benchmark', 'Performance'],
    ['solod:status-line', 'A status line'],
    ['solod: what is it ^that +fails ~now', 'Troubleshooting by message'],
    ['exit code', 'Reference: exit codes, environment variables, files, values'],
    ['environment variable', 'Reference: exit codes, environment variables, files, values'],
    ['uninstall', 'solod uninstall'],
    ['neovim', 'A formatter for your editor'],
    ['vscode', 'A formatter for your editor'],
    ['restart', 'solod restart'],
    ['pid file', 'Moving from other tools'],
    ['timed out', 'Troubleshooting by message'],
  ])('search for %s finds %s', async (asked, title) => {
    const page = await opened();
    await page.goto(`${base}index.html`);
    await page.locator('#tsd-search-trigger').click();
    await page.locator('#tsd-search-input').fill(asked);
    const results = page.locator('#tsd-search-results li');
    await results.first().waitFor();
    expect((await results.allTextContents()).map((text) => text.trim())).toContain(title);
    expect(troubles).toEqual([]);
  });

  it('the keyboard is enough', async () => {
    const page = await opened();
    await page.goto(`${base}index.html`);
    // A page is hidden until its script has run, and nothing that is hidden takes the focus.
    await page.locator('#tsd-search-trigger').waitFor();
    await page.keyboard.press('/');
    await page.locator('#tsd-search-input:focus').waitFor();
    await page.keyboard.type('prettierd');
    await page.locator('#tsd-search-results li').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/Moving_from_other_tools.html');
    expect(troubles).toEqual([]);
  });

  it.each([
    'solod_e_timed_out',
    '[SOLOD_E_TIMED_OUT]',
    'timed_out',
    'E-TIMED-OUT',
    'solod: it failed; call again [SOLOD_E_TIMED_OUT]',
  ])('search for the code %s leads to its entry', async (written) => {
    const page = await opened();
    await page.goto(`${base}index.html`);
    await page.locator('#tsd-search-trigger').click();
    await page.locator('#tsd-search-input').fill(written);
    const first = page.locator('#tsd-search-results li a').first();
    await page.locator('#tsd-search-results a[href*="#"]').waitFor();
    await first.click();
    await page.waitForURL('**/Troubleshooting_by_message.html#solod_e_timed_out');
    expect(await page.locator('#solod_e_timed_out').count()).toBe(1);
    expect(troubles).toEqual([]);
  });
});
