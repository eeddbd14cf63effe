"""The boards, in the order in which people need them."""

from bridge.dashboards.boards import depth, itself, overview, queue, trunks, voice

BOARDS = (overview.BOARD, queue.BOARD, trunks.BOARD, voice.BOARD, depth.BOARD, itself.BOARD)
"""Every dashboard."""
