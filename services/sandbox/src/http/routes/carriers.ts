import type { FastifyInstance } from 'fastify';
import type { Carrier } from '../../wire/carrier.ts';
import { fcmCarrier } from '../../wire/fcm/messages.ts';
import { twilioCallsCarrier } from '../../wire/twilio/calls.ts';
import { twilioMessagesCarrier } from '../../wire/twilio/messages.ts';
import { vonageSmsCarrier } from '../../wire/vonage/sms.ts';
import { vonageMessagesCarrier } from '../../wire/vonage-messages/messages.ts';
import { createWatiCarrier } from '../../wire/wati/template-message.ts';
import { createWhatsAppCloudCarrier } from '../../wire/whatsapp-cloud/messages.ts';
import { type CarrierDeps, createCarrierRoute } from '../carrier-route.ts';
import { takeWireBodies } from '../wire-bodies.ts';

export interface CarriersDeps extends CarrierDeps {
  /** Base URL of the gateway, for providers that call one URL per account; undefined: they call none. */
  readonly receiptsUrl: string | undefined;
}

interface Wire {
  readonly paths: readonly string[];
  readonly bodies: readonly ('form' | 'json')[];
  readonly carrier: Carrier;
}

const VERSION = '(^v\\d{1,3}\\.\\d{1,2}$)';

/** Every wire that takes messages by HTTP, at its provider's own path. */
const wiresOf = (receiptsUrl: string | undefined): readonly Wire[] => [
  {
    paths: ['/2010-04-01/Accounts/:account/Messages.json'],
    bodies: ['form'],
    carrier: twilioMessagesCarrier,
  },
  { paths: ['/2010-04-01/Accounts/:account/Calls.json'], bodies: ['form'], carrier: twilioCallsCarrier },
  { paths: ['/sms/json'], bodies: ['form', 'json'], carrier: vonageSmsCarrier },
  { paths: ['/v1/messages'], bodies: ['json'], carrier: vonageMessagesCarrier },
  {
    paths: [`/:version${VERSION}/:phoneNumberId/messages`],
    bodies: ['json'],
    carrier: createWhatsAppCloudCarrier(receiptsUrl),
  },
  {
    paths: ['/api/v1', '/api/v2', '/:tenant/api/v1', '/:tenant/api/v2'].map((base) => `${base}/sendTemplateMessage`),
    bodies: ['json'],
    carrier: createWatiCarrier(receiptsUrl),
  },
  // A colon in a path is written twice.
  { paths: ['/v1/projects/:project/messages::send'], bodies: ['json'], carrier: fcmCarrier },
];

export function carrierRoutes(app: FastifyInstance, { receiptsUrl, ...deps }: CarriersDeps): void {
  for (const { paths, bodies, carrier } of wiresOf(receiptsUrl)) {
    app.register(async (scope) => {
      takeWireBodies(scope, bodies);
      const answerSend = createCarrierRoute(carrier, deps);
      for (const path of paths) scope.post(path, answerSend);
    });
  }
}
