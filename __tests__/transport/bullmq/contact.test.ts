import { Contact } from '../../../src/transport/bullmq/contact.js';

test('what a broker says that was away since the last beat is no evidence', () => {
  const contact = new Contact();
  contact.renew(1);
  expect(contact.isSteadyFor(0, 1)).toBe(true);
  expect(contact.isSteadyFor(0, 2)).toBe(false);
  contact.renew(2);
  expect(contact.isSteadyFor(0, 2)).toBe(true);
  expect(contact.isSteadyFor(1000, 2)).toBe(false);
});
