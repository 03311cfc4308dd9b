import { expect, test } from 'vitest';
import { unsafePlaces } from './html-places.ts';

test.each([
  ['<p>{{code}}</p>'],
  ['<p title="for {{variables.name}}">{{code}}</p>'],
  ["<p title='{{variables.name}}'>{{code}}</p>"],
  ['<a href="https://example.com/?order={{variables.order}}">1 < 2 {{code}}</a>'],
  ['<style>p { color: red }</style><!-- no value --><p style="margin:0">{{code}}</p>'],
  ['< {{variables.name}} > {{code}}'],
  ['<a href="HTTPS://acme.example/{{variables.order}}#{{code}}">x</a><img src=\'http://acme.example/a.png\'>'],
  ['<a href="mailto:{{variables.support}}?subject={{code}}">x</a><a href="tel:{{variables.hotline}}">x</a>'],
  ['<a href="https://{{variables.tenant}}.acme.example:8443/{{variables.page}}?{{code}}">x</a>'],
  ['<a name="top"></a><a href="#top">x</a><a href="/{{variables.page}}">x</a><a href="?a=1&amp;b=2">x</a>'],
  ['<p>Write href="javascript:x" for {{code}}</p><!-- <a href="data:x"> --><style>a { src: "data:x" }</style>'],
])('%s shows its values safely', (html) => {
  expect(unsafePlaces(html)).toEqual([]);
});

test.each([
  ['<p title={{variables.name}}>{{code}}</p>', 0, 'quotes'],
  ['<p {{variables.name}}>{{code}}</p>', 0, 'quotes'],
  ['<p>a</{{variables.name}}>', 4, 'quotes'],
  ['<{{variables.name}}>', 0, 'quotes'],
  ['<p title="a" lang={{variables.name}}', 0, 'quotes'],
  ["<p a=''='{{variables.name}}'>", 0, 'quotes'],
  ['<p a=b"c="{{variables.name}}">', 0, 'quotes'],
  ['<a href="{{variables.link}}">x</a>', 9, 'begin the address in href with a placeholder'],
  ["<img src = ' {{variables.link}}'>", 12, 'begin the address in src with a placeholder'],
  ['<a href="java{{variables.link}}:x">', 9, 'begin the address in href with a placeholder'],
  ['<button formaction="{{variables.link}}">', 20, 'begin the address in formaction with a placeholder'],
  ['<button action="{{variables.link}}">', 16, 'begin the address in action with a placeholder'],
  ['<a href="https://{{variables.host}}/x">', 9, 'end the host of the address in href with a placeholder'],
  ['<a href="https://acme.example{{variables.path}}">', 9, 'end the host'],
  ['<a href="https:\\\\acme.{{variables.host}}:8080?x">', 9, 'end the host'],
  ['<a href="HTTP:{{variables.host}}#x">', 9, 'end the host'],
  ['<img src="//{{variables.host}}/a.png">', 10, 'end the host'],
  ['<a href="javascript:f()">x</a>', 9, 'scheme javascript in the address in href'],
  ['<p>{{code}}</p><a\nHREF = JavaScript:f()>x</a>', 25, 'scheme JavaScript in the address in href'],
  ['<a title="a"href=" java\tscript :f()">x</a>', 18, 'scheme javascript in the address in href'],
  ['<img src="data:image/png;base64,AAAA">', 10, 'scheme data in the address in src'],
  ['<table background="cid:a">', 19, 'scheme cid in the address in background'],
  ['<a href="java&#115;cript:f()">', 9, 'character reference'],
  ['<a href="javascript&colon;f()">', 9, 'character reference'],
  ['<!--><a href="javascript:f()">-->', 14, 'scheme javascript'],
  ['<style></style/><a href="javascript:f()">', 25, 'scheme javascript'],
  ['<a href="javascript:f()', 9, 'scheme javascript'],
  ['<style>p { color: {{variables.colour}} }</style>', 0, 'style'],
  ['<p style="color:{{variables.colour}}">', 0, 'style'],
  ['<p onclick="f(\'{{variables.name}}\')">', 0, 'handler'],
  ['<!-- {{variables.name}} -->', 0, 'comment'],
  ['<p>a</p><SCRIPT>x</SCRIPT>', 8, '<script>'],
  ['<iframe src="https://example.com"></iframe>', 0, '<iframe>'],
])('%s is refused at %i', (html, position, detail) => {
  expect(unsafePlaces(html)).toEqual([{ position, detail: expect.stringContaining(detail) }]);
});

test('what is not HTML is read in a time that its length bounds', () => {
  const pieces = ['<a', '<a"', "<a '", '<a b', '<a =', '<!-', '<style', '<a href=', 'href="', 'b'];
  const startedAt = performance.now();
  for (const piece of pieces)
    for (const from of ['', '<a ']) unsafePlaces(`${from}${piece.repeat(40_000 / piece.length)}"`);
  // Were one of them looked at anew from each place, it would take some seconds.
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
