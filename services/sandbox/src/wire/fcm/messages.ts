import { randomBytes } from 'node:crypto';
import { findCode } from '../../domain/code.ts';
import { type Carrier, refusedWith } from '../carrier.ts';
import { bearerToken } from '../credentials.ts';
import { objectField, textField } from '../fields.ts';
import { badRequest, refuse, unauthenticated } from './problem.ts';

/**
 * Firebase Cloud Messaging, HTTP v1, to one device. It tells no server what became of a message.
 * Source: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send, as of 2026-11-21.
 */
export const fcmCarrier: Carrier = {
  provider: 'fcm',
  channelOf: () => 'push',
  refuse: (mode, _call, code) => refuse(mode, code),

  read({ authorization, fields, params }) {
    if (bearerToken(authorization) === undefined) return refusedWith(unauthenticated());
    const message = objectField(fields, 'message');
    const token = textField(message, 'token');
    if (token === undefined) return refusedWith(badRequest('message.token', 'Is required'));
    const notification = objectField(message, 'notification');
    const data = objectField(message, 'data');
    const text = textField(notification, 'body') ?? '';
    const id = `0:${Date.now()}%${randomBytes(8).toString('hex')}`;
    return {
      taken: true,
      id,
      to: token,
      subject: textField(notification, 'title'),
      text,
      code: findCode(text) ?? textField(data, 'code') ?? null,
      answer: () => ({ status: 200, body: { name: `projects/${params.project ?? ''}/messages/${id}` } }),
    };
  },
};
