import { h } from '../dom.js';

export const job = { title: () => 'job', needs: () => [], draw: () => h('p', {}, '') };
