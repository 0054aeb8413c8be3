"""Operations from their start to their results."""
