import { expect, test } from 'vitest';
import { unsafePlaces } from './html-places.ts';

test.each([
  ['<p>{{code}}</p>'],
  ['<p title="for {{variables.name}}">{{code}}</p>'],
  ["<p title='{{variables.name}}'>{{code}}</p>"],
  ['<a href="https://example.com/?order={{variables.order}}">1 < 2 {{code}}</a>'],
  ['<style>p { color: red }</style><!-- no value --><p style="margin:0">{{code}}</p>'],
  ['< {{variables.name}} > {{code}}'],
])('%s shows its values safely', (html) => {
  expect(unsafePlaces(html)).toEqual([]);
});

test.each([
  ['<p title={{variables.name}}>{{code}}</p>', 0, 'quotes'],
  ['<p {{variables.name}}>{{code}}</p>', 0, 'quotes'],
  ['<p>a</{{variables.name}}>', 4, 'quotes'],
  ['<{{variables.name}}>', 0, 'quotes'],
  ['<p title="a" lang={{variables.name}}', 0, 'quotes'],
  ['<a href="{{variables.link}}">x</a>', 0, 'begin an address'],
  ["<img src = ' {{variables.link}}'>", 0, 'begin an address'],
  ['<style>p { color: {{variables.colour}} }</style>', 0, 'style'],
  ['<p style="color:{{variables.colour}}">', 0, 'style'],
  ['<p onclick="f(\'{{variables.name}}\')">', 0, 'handler'],
  ['<!-- {{variables.name}} -->', 0, 'comment'],
  ['<p>a</p><SCRIPT>x</SCRIPT>', 8, '<script>'],
  ['<iframe src="https://example.com"></iframe>', 0, '<iframe>'],
])('%s is refused at %i', (html, position, detail) => {
  expect(unsafePlaces(html)).toEqual([{ position, detail: expect.stringContaining(detail) }]);
});
