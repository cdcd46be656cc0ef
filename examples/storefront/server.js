import express from 'express';
import helmet from 'helmet';
import pino from 'pino';
import { z } from 'zod';

const log = pino();
const Order = z.object({ item: z.string().min(1), count: z.number().int().positive() });

const app = express();
app.use(helmet());
app.use(express.json({ limit: '10kb' }));
app.post('/orders', (request, response) => {
  const order = Order.safeParse(request.body);
  if (!order.success) return response.status(400).json({ error: order.error.issues });
  log.info({ order: order.data }, 'ordered');
  return response.status(201).json(order.data);
});
app.listen(3000, () => log.info('listening on port 3000'));
