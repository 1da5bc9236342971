"""What routing learns from outlives its run: what was asked about, by which questions, and what landed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("attempts") as attempts:
        attempts.drop_constraint("fk_attempts_run", type_="foreignkey")
        attempts.add_column(sa.Column("at", sa.DateTime(timezone=True)))
        attempts.add_column(sa.Column("content", sa.Text()))
        attempts.add_column(sa.Column("path", sa.Text()))
        attempts.add_column(sa.Column("tokens", sa.Integer()))
        attempts.add_column(sa.Column("questions", sa.JSON()))
        attempts.add_column(sa.Column("features", sa.JSON()))
    op.add_column("landings", sa.Column("diff", sa.Text()))
    op.add_column("items", sa.Column("tried", sa.JSON()))
    op.add_column("items", sa.Column("signals", sa.JSON()))
