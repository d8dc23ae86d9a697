print("aigc")
