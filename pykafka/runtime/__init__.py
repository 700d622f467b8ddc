"""What runs: threads or greenlets that carry out decisions of core over connections of net.

The only place where locks and threads are made.
"""
