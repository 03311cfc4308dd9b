export const WEB_OFF =
  'WhatsApp Web is off in this installation (WHATSAPP_WEB): WhatsApp discourages automated use of it, and bans numbers';
