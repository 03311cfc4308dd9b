let numbers = 2_000_000 + Math.floor(Math.random() * 7_000_000);

/** A number that no other call of this process got. */
export function freshNumber(): string {
  numbers = numbers === 8_999_999 ? 2_000_000 : numbers + 1;
  return `+1415${numbers}`;
}

/** An e-mail address that no other call of this process got; its domain is set aside for examples. */
export const freshEmail = () => `user.${freshNumber().slice(1)}@mail.example`;

/** A device token that no other call of this process got. */
export const freshDeviceToken = () => `device-${freshNumber().slice(1)}:APA91b`;
