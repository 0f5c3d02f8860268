import { h } from '../dom.js';

export const jobs = { title: () => 'jobs', needs: () => [], draw: () => h('p', {}, '') };
